"""What every renderer shares: the radiance it returns, truth layers, cropping, sampling."""
