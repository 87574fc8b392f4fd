-- Every table of tenants, by name. The check that ends a migration refuses one that is missing here.
select tenancy.protect('public.users');
--> statement-breakpoint
select tenancy.protect('public.tasks');
