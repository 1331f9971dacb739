"""How a planet reflects and scatters light: photometry, atmosphere, weather."""
