-- Written by "rowhouse init", ed9c285cda63c713. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.protect('public.attachments');
--> statement-breakpoint
select tenancy.protect('public.customers');
--> statement-breakpoint
select tenancy.protect('public.invoice_lines');
--> statement-breakpoint
select tenancy.protect('public.invoice_tags');
--> statement-breakpoint
select tenancy.protect('public.invoices');
--> statement-breakpoint
select tenancy.protect('public.payments');
--> statement-breakpoint
select tenancy.protect('public.tags');
--> statement-breakpoint
select tenancy.share('public.vat_rates');
--> statement-breakpoint
select tenancy.share('public.invoice_totals');
