CREATE INDEX "customers_tenant_id_created_at_id_idx" ON "customers" USING btree ("tenant_id","created_at","id");--> statement-breakpoint
CREATE INDEX "customers_tenant_id_name_id_idx" ON "customers" USING btree ("tenant_id","name" collate "C","id");--> statement-breakpoint
CREATE INDEX "invoices_tenant_id_due_on_id_idx" ON "invoices" USING btree ("tenant_id","due_on","id");