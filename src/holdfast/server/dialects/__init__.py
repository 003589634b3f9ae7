"""The dialects of vendors, spoken inward: their clients ask a project's features, slots and models unchanged."""
