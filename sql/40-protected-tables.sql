-- Written by "rowhouse init", 70715c471a40f837. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.protect('public.tasks');
--> statement-breakpoint
select tenancy.protect('public.users');
--> statement-breakpoint
select tenancy.stop_recording_except(audit => '{}', trash => '{}');
