"""What reports are made of: texts of figures, time lines, pages, traces. No report is here."""
