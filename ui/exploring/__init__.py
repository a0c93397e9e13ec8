"""The parts of the explore page: what its address says, what it reads, its filters, tools and the card of an entity."""
