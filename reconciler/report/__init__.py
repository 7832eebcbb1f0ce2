"""Values to text for people and programs. Pure; personal values are masked before text exists."""
