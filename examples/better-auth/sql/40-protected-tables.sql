-- Written by "rowhouse init", 00b7ef941fec5b4a. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.
select tenancy.withhold('auth.account');
--> statement-breakpoint
select tenancy.withhold('auth.invitation');
--> statement-breakpoint
select tenancy.withhold('auth.member');
--> statement-breakpoint
select tenancy.withhold('auth.organization');
--> statement-breakpoint
select tenancy.withhold('auth.session');
--> statement-breakpoint
select tenancy.withhold('auth.user');
--> statement-breakpoint
select tenancy.withhold('auth.verification');
--> statement-breakpoint
select tenancy.protect('public.notes');
