-- Written by "rowhouse init", 9a82d14ddaf0b0b7. Do not edit: "rowhouse init" updates the file only while this checksum matches.
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
--> statement-breakpoint
select tenancy.audit('public.attachments', redact => '{content}');
--> statement-breakpoint
select tenancy.trash('public.attachments');
--> statement-breakpoint
select tenancy.audit('public.customers');
--> statement-breakpoint
select tenancy.trash('public.customers');
--> statement-breakpoint
select tenancy.audit('public.invoice_lines');
--> statement-breakpoint
select tenancy.trash('public.invoice_lines');
--> statement-breakpoint
select tenancy.audit('public.invoice_tags');
--> statement-breakpoint
select tenancy.trash('public.invoice_tags');
--> statement-breakpoint
select tenancy.audit('public.invoices');
--> statement-breakpoint
select tenancy.trash('public.invoices');
--> statement-breakpoint
select tenancy.audit('public.payments');
--> statement-breakpoint
select tenancy.stop_recording_except(audit => '{public.attachments,public.customers,public.invoice_lines,public.invoice_tags,public.invoices,public.payments}', trash => '{public.attachments,public.customers,public.invoice_lines,public.invoice_tags,public.invoices}');
