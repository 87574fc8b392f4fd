-- For now: "rowhouse init" is going to write these statements into 40-protected-tables.sql.
select tenancy.audit(one) from unnest(array['customers', 'invoices', 'invoice_lines', 'payments']::regclass[]) as one;
--> statement-breakpoint
select tenancy.trash(one)
from unnest(array['customers', 'invoices', 'invoice_lines', 'invoice_tags', 'attachments', 'tags', 'payments']::regclass[]) as one;
