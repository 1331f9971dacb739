"""The camera's Wi-Fi to the craft: received power by Friis' equation, the rate it carries, packets that are lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from selfiesim.scene.downlink import DownlinkSection

SPEED_OF_LIGHT_M_S = 299_792_458.0
BOLTZMANN_J_K = 1.380649e-23  # exact in the SI
_NOISE_TEMPERATURE_K = 290.0  # to which noise figures refer

# IEEE 802.11-2016, table 19-23: the weakest signal (dBm, 20 MHz) at which each rate of one stream must work, with one
# in ten packets of 4096 bytes lost. The standard allows for a noise figure of 10 dB and 5 dB of imperfection
# (17.3.10.2); thermal noise in 20 MHz is -101 dBm. What is left is the signal over the noise that the rate needs.
_SENSITIVITY_DBM = {6.5: -82, 13.0: -79, 19.5: -77, 26.0: -74, 39.0: -70, 52.0: -66, 58.5: -65, 65.0: -64}
_THERMAL_DBM, _IMPLEMENTATION_MARGIN_DB = -101.0, 15.0
_TESTED_BYTES, _TESTED_LOSS = 4096, 0.1
_DECADE_DB = 1.0  # assumed: so much more signal makes a tenth of the wrong bits; measured curves fall about as steeply


@dataclass(frozen=True)
class Mode:
    """A rate (20 MHz) and the ratio of signal to noise at which the standard tests it."""

    rate_mbit_s: float
    snr_db: float


MODES = tuple(Mode(rate, dbm - _THERMAL_DBM - _IMPLEMENTATION_MARGIN_DB) for rate, dbm in _SENSITIVITY_DBM.items())


@dataclass(frozen=True)
class LinkBudget:
    """The radio at one range.

    Attributes
    ----------
    range_m, received_dbm, snr_db : float
        Distance, power at the receiver, and what it is over the noise.
    rate_mbit_s : float
        Of the air, as it is chosen.
    loss : float
        Share of packets that do not arrive, repeats and all.
    throughput_mbit_s : float
        Of pictures; 0 where nothing comes through.
    """

    range_m: float
    received_dbm: float
    snr_db: float
    rate_mbit_s: float
    loss: float
    throughput_mbit_s: float


def path_loss_db(range_m: float, frequency_mhz: float) -> float:
    """Free-space loss, Friis 1946: 20 log10(4 pi d / wavelength). Within a wavelength it holds no longer: as there."""
    wavelength = SPEED_OF_LIGHT_M_S / (frequency_mhz * 1e6)
    return float(20.0 * np.log10(4.0 * np.pi * max(range_m, wavelength) / wavelength))


def noise_dbm(bandwidth_mhz: float, noise_figure_db: float) -> float:
    """Noise at the receiver's input: k T B at 290 K, and what the receiver adds."""
    return float(10.0 * np.log10(BOLTZMANN_J_K * _NOISE_TEMPERATURE_K * bandwidth_mhz * 1e6) + 30.0 + noise_figure_db)


def packet_loss(snr_db: float, mode: Mode, size: int) -> float:
    """Share of packets of ``size`` bytes that arrive with a wrong bit."""
    at_test = 1.0 - (1.0 - _TESTED_LOSS) ** (1.0 / (8 * _TESTED_BYTES))
    wrong = min(at_test * 10.0 ** ((mode.snr_db - snr_db) / _DECADE_DB), 0.5)
    return float(-np.expm1(8 * size * np.log1p(-wrong)))


def link_budget(part: DownlinkSection, range_m: float) -> LinkBudget:
    """The radio of a scene at a range: the fastest mode that leaves ``margin_db``, or the slowest."""
    gains = part.transmit_gain_dbi + part.receive_gain_dbi - part.losses_db
    received = part.transmit_dbm + gains - path_loss_db(range_m, part.frequency_mhz)
    snr = received - noise_dbm(part.bandwidth_mhz, part.noise_figure_db)
    mode = next((mode for mode in reversed(MODES) if snr >= mode.snr_db + part.margin_db), MODES[0])
    once = packet_loss(snr, mode, part.packet_bytes)
    loss = 1.0 - (1.0 - once ** (1 + part.retries)) * (1.0 - part.stray_loss)
    rate = mode.rate_mbit_s * part.bandwidth_mhz / 20.0
    through = rate * part.efficiency * (1.0 - once)
    return LinkBudget(range_m, received, snr, rate, loss, through if loss < 0.99 else 0.0)
