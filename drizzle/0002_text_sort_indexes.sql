CREATE INDEX "tasks_tenant_id_title_id_idx" ON "tasks" USING btree ("tenant_id","title" collate "C","id");--> statement-breakpoint
CREATE INDEX "users_tenant_id_email_id_idx" ON "users" USING btree ("tenant_id","email" collate "C","id");--> statement-breakpoint
CREATE INDEX "users_tenant_id_name_id_idx" ON "users" USING btree ("tenant_id","name" collate "C","id");