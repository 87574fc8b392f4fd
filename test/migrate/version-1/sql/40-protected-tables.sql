-- Written by "rowhouse init", c8c577d476a4dda0. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.share('public.countries');
--> statement-breakpoint
select tenancy.protect('public.customers');
--> statement-breakpoint
select tenancy.protect('public.invoices');
