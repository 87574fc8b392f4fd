-- Written by "rowhouse init", 94828dbbe5ef74de. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.protect('public.tasks');
--> statement-breakpoint
select tenancy.protect('public.users');
