-- Written by "rowhouse init", 63ea18496f31b4d4. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.protect('public.tasks');
--> statement-breakpoint
select tenancy.protect('public.users');
--> statement-breakpoint
select tenancy.audit('public.tasks');
--> statement-breakpoint
select tenancy.trash('public.tasks');
--> statement-breakpoint
select tenancy.audit('public.users', redact => '{email}');
--> statement-breakpoint
select tenancy.trash('public.users');
--> statement-breakpoint
select tenancy.stop_recording_except(audit => '{public.tasks,public.users}', trash => '{public.tasks,public.users}');
