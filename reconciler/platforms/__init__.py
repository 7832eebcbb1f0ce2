"""The stores' side: each platform is a table, its endpoints and its wire form, joined here."""
