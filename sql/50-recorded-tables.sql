-- For now: "rowhouse init" is going to write these statements into 40-protected-tables.sql.
select tenancy.audit('public.users', redact => '{email}');
--> statement-breakpoint
select tenancy.audit('public.tasks');
--> statement-breakpoint
select tenancy.trash('public.users');
--> statement-breakpoint
select tenancy.trash('public.tasks');
