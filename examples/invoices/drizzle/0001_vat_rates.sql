insert into "vat_rates" ("code", "percent") values
	('AT-20', 20.00), ('AT-13', 13.00), ('AT-10', 10.00), ('AT-0', 0.00),
	('DE-19', 19.00), ('DE-7', 7.00);
