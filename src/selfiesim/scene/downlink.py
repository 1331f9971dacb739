"""The section ``[downlink]``: the radio link from the camera to the craft and on to the Earth."""

from __future__ import annotations

from pydantic import Field

from selfiesim.scene.section import Section


class DownlinkSection(Section):
    """The radio link from the camera to the craft, and on to the Earth.

    Little is published about the radio of any released camera: each default is assumed, and docs/photo.md gives the
    plausible range. One image per second (CNSA, 2020) and the rate to the Earth (up to 1 Mbit/s at 400 million km:
    Wang et al., Journal of Deep Space Exploration, 2023) are those of Tianwen-1.
    """

    transmit_dbm: float = Field(15.0, ge=-60, le=60, description="Transmit power of the camera.")
    transmit_gain_dbi: float = Field(0.0, ge=-60, le=60, description="Antenna gain of the camera.")
    receive_gain_dbi: float = Field(2.0, ge=-60, le=60, description="Antenna gain of the craft.")
    losses_db: float = Field(
        6.0, ge=0, le=200, description="Losses in cables, by polarisation and by the pattern of the tumbling camera."
    )
    frequency_mhz: float = Field(2437.0, ge=100, le=100_000, description="Carrier frequency.")
    bandwidth_mhz: float = Field(20.0, ge=1, le=160, description="Channel bandwidth; data rates scale with it.")
    noise_figure_db: float = Field(6.0, ge=0, le=40, description="Noise figure of the receiver.")
    margin_db: float = Field(3.0, ge=-20, le=40, description="Link margin required before a faster rate is chosen.")
    efficiency: float = Field(0.6, gt=0, le=1, description="Fraction of the data rate available for images.")
    packet_bytes: int = Field(1400, ge=100, le=65_000, description="Image data in a packet.")
    retries: int = Field(3, ge=0, le=20, description="How often a packet is retransmitted.")
    stray_loss: float = Field(
        0.002, ge=0, le=0.9, description="Fraction of packets lost regardless of signal strength."
    )
    restart_rows: int = Field(1, ge=0, le=100, description="Rows of JPEG blocks between restart markers; 0 for none.")
    bits_per_pixel: float = Field(
        0.8, ge=0.05, le=24, description="Bits per pixel of the camera's JPEG, before its actual size is known."
    )
    cadence_s: float = Field(1.0, ge=0.05, le=3600, description="Interval between images.")
    battery_wh: float = Field(2.0, gt=0, le=1000, description="Energy in the camera's battery at the release.")
    power_w: float = Field(4.0, gt=0, le=1000, description="Power consumption of camera and radio.")
    earth_kbit_s: float = Field(1000.0, ge=0.001, le=1e6, description="Data rate from the craft to the Earth.")
    seed: int = Field(0, ge=0, lt=2**63, description="Random seed of packet loss.")
