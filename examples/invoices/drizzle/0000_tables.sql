CREATE TYPE "public"."invoice_status" AS ENUM('draft', 'sent', 'paid');--> statement-breakpoint
CREATE TABLE "attachments" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"invoice_id" uuid NOT NULL,
	"name" text NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "attachments_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "attachments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "customers" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"copy_to" text[] DEFAULT '{}' NOT NULL,
	"address" jsonb NOT NULL,
	CONSTRAINT "customers_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "customers_tenant_id_email_key" UNIQUE("tenant_id","email")
);
--> statement-breakpoint
ALTER TABLE "customers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoice_lines" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"invoice_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"description" text NOT NULL,
	"quantity" numeric(10, 3) NOT NULL,
	"unit_price" numeric(12, 2) NOT NULL,
	"vat_code" text NOT NULL,
	CONSTRAINT "invoice_lines_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "invoice_lines_tenant_id_invoice_id_position_key" UNIQUE("tenant_id","invoice_id","position")
);
--> statement-breakpoint
ALTER TABLE "invoice_lines" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoice_tags" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"invoice_id" uuid NOT NULL,
	"tag_id" uuid NOT NULL,
	CONSTRAINT "invoice_tags_pkey" PRIMARY KEY("tenant_id","invoice_id","tag_id")
);
--> statement-breakpoint
ALTER TABLE "invoice_tags" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoices" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"number" integer NOT NULL,
	"customer_id" uuid NOT NULL,
	"status" "invoice_status" DEFAULT 'draft' NOT NULL,
	"due_on" date NOT NULL,
	"reminded_at" timestamp (3) with time zone,
	CONSTRAINT "invoices_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "invoices_tenant_id_number_key" UNIQUE("tenant_id","number")
);
--> statement-breakpoint
ALTER TABLE "invoices" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "payments" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"invoice_id" uuid NOT NULL,
	"event_id" text NOT NULL,
	"amount" numeric(12, 2) NOT NULL,
	CONSTRAINT "payments_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "payments_tenant_id_event_id_key" UNIQUE("tenant_id","event_id"),
	CONSTRAINT "payments_amount_check" CHECK ("payments"."amount" > 0)
);
--> statement-breakpoint
ALTER TABLE "payments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tags" (
	"tenant_id" text collate "C" DEFAULT tenancy.current_tenant_id() NOT NULL,
	"id" uuid DEFAULT tenancy.uuid_v7() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "tags_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tags_tenant_id_name_key" UNIQUE("tenant_id","name")
);
--> statement-breakpoint
ALTER TABLE "tags" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "vat_rates" (
	"code" text PRIMARY KEY NOT NULL,
	"percent" numeric(4, 2) NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_tenant_id_invoice_id_fkey" FOREIGN KEY ("tenant_id","invoice_id") REFERENCES "public"."invoices"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_vat_code_vat_rates_code_fk" FOREIGN KEY ("vat_code") REFERENCES "public"."vat_rates"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_tenant_id_invoice_id_fkey" FOREIGN KEY ("tenant_id","invoice_id") REFERENCES "public"."invoices"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_tags" ADD CONSTRAINT "invoice_tags_tenant_id_invoice_id_fkey" FOREIGN KEY ("tenant_id","invoice_id") REFERENCES "public"."invoices"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_tags" ADD CONSTRAINT "invoice_tags_tenant_id_tag_id_fkey" FOREIGN KEY ("tenant_id","tag_id") REFERENCES "public"."tags"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id","customer_id") REFERENCES "public"."customers"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_tenant_id_invoice_id_fkey" FOREIGN KEY ("tenant_id","invoice_id") REFERENCES "public"."invoices"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attachments_tenant_id_invoice_id_idx" ON "attachments" USING btree ("tenant_id","invoice_id");--> statement-breakpoint
CREATE INDEX "invoice_tags_tenant_id_tag_id_idx" ON "invoice_tags" USING btree ("tenant_id","tag_id");--> statement-breakpoint
CREATE INDEX "invoices_tenant_id_customer_id_idx" ON "invoices" USING btree ("tenant_id","customer_id");--> statement-breakpoint
CREATE INDEX "payments_tenant_id_invoice_id_idx" ON "payments" USING btree ("tenant_id","invoice_id");--> statement-breakpoint
CREATE VIEW "public"."invoice_totals" WITH (security_invoker = true) AS (select i.tenant_id, i.id as invoice_id, sums.net, sums.vat, sums.net + sums.vat as gross, received.paid
      from invoices i
      cross join lateral (
        select coalesce(sum(rate.net), 0.00) as net, coalesce(sum(round(rate.net * rate.percent / 100, 2)), 0.00) as vat
        from (
          select r.percent, sum(round(l.quantity * l.unit_price, 2)) as net
          from invoice_lines l join vat_rates r on r.code = l.vat_code
          where l.tenant_id = i.tenant_id and l.invoice_id = i.id
          group by r.code
        ) as rate
      ) as sums
      cross join lateral (
        select coalesce(sum(p.amount), 0.00) as paid from payments p
        where p.tenant_id = i.tenant_id and p.invoice_id = i.id
      ) as received);