"""What pages share: period bar, cards, charts, tables, theme."""
