"""SHOPLINE: the Admin REST API of {handle}.myshopline.com (not the one of shoplineapp.com)."""
