"""Metadata of picture files: colour space, resolution, and what newsrooms and screen readers read, as XMP.

Sources: PNG third edition (W3C), 11.3; XMP part 1 (ISO 16684-1); IPTC Photo Metadata Standard 2023.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from selfiesim.core.errors import OutputError
from selfiesim.core.terminal import printable
from selfiesim.files.captions.caption import caption
from selfiesim.files.recipe import SYNTHETIC

# Of the IPTC's terms, the one for media that an algorithm makes without training data: such a picture is no capture, no
# drawing by hand, and not from a trained model.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_DPI_RANGE = (1, 10_000)
_MAX_JPEG_XMP = 65_502  # bytes that fit into a segment


@dataclass(frozen=True)
class Metadata:
    """What a picture file carries besides pixels.

    Attributes
    ----------
    title : str
        Title of the picture.
    recipe : str
        Its recipe, as JSON.
    xmp : str
        XMP packet; empty for charts and contact sheets.
    exif : bytes
        Exif data of a JPEG.
    dpi : float or None
        Resolution in print, pixels per inch.
    """

    title: str
    recipe: str
    xmp: str = ""
    exif: bytes = b""
    dpi: float | None = None

    @property
    def description(self) -> str:
        """One line that says that the picture is synthetic."""
        return description_of(self.title)

    def png_options(self) -> dict[str, Any]:
        """Options of Pillow's PNG writer: colour space, resolution, texts, and the recipe as ``selfiesim``."""
        options: dict[str, Any] = {"pnginfo": self._png_info()}
        return options | ({"dpi": (self.dpi, self.dpi)} if self.dpi else {})

    def png_chunks(self) -> list[tuple[bytes, bytes]]:
        """The same as chunks, pairs of type and data."""
        chunks = [chunk[:2] for chunk in self._png_info().chunks]
        if self.dpi:
            per_metre = round(self.dpi / 0.0254)
            chunks.append((b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
        return chunks

    def _png_info(self) -> Any:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add(b"sRGB", b"\0")  # perceptual
        info.add_itxt("Title", self.title)
        info.add_itxt("Description", self.description)
        info.add_text("Software", "selfiesim")
        if self.xmp:
            info.add_itxt("XML:com.adobe.xmp", self.xmp)
        info.add_itxt("selfiesim", self.recipe, zip=True)
        return info

    def jpeg_options(self) -> dict[str, Any]:
        """Options of Pillow's JPEG writer; XMP is left out where it is too long for one."""
        options: dict[str, Any] = {"exif": self.exif, "icc_profile": srgb_profile()}
        xmp = self.xmp.encode()
        if 0 < len(xmp) <= _MAX_JPEG_XMP:
            options["xmp"] = xmp
        if self.dpi:
            options["dpi"] = (self.dpi, self.dpi)
        return options


def description_of(title: str) -> str:
    """Description of a picture or film in the metadata of files."""
    return f"{SYNTHETIC}: {title}"


@cache
def srgb_profile() -> bytes:
    """ICC profile of sRGB, by Little CMS; its date is fixed, so that the same picture gives the same bytes."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + struct.pack(">6H", 2022, 1, 1, 0, 0, 0) + profile[36:]  # type: ignore[no-any-return]


def check_dpi(dpi: float | None) -> None:
    """Check a resolution.

    Raises
    ------
    OutputError
        Unless it is a number of pixels per inch that a file can hold.
    """
    low, high = _DPI_RANGE
    if dpi is not None and not low <= dpi <= high:
        raise OutputError(f"dpi {dpi:g}: give {low} to {high:,} pixels per inch")


def xmp_packet(recipe: dict[str, Any]) -> str:
    """Title, caption, alt text, credit and source of a picture as an XMP packet."""
    single = {
        "xmp:CreatorTool": "selfiesim",
        "photoshop:Headline": recipe["title"],
        "photoshop:Credit": "selfiesim",
        "photoshop:Source": "; ".join(["selfiesim", *recipe["credits"]]),
        "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE,
    }
    spaces = "".join(f' xmlns:{prefix}="{address}"' for prefix, address in _NAMESPACES.items())
    attributes = "".join(f" {name}={quoteattr(printable(value))}" for name, value in single.items())
    texts = (
        _alternative("dc:title", recipe["title"])
        + _alternative("dc:description", caption(recipe, "press"))
        + _alternative("Iptc4xmpCore:AltTextAccessibility", caption(recipe, "alt"))
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}{attributes}>{texts}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="r"?>'
    )


def _alternative(name: str, text: str) -> str:
    """Return a property that may have several languages; it has one, since some programs read the last of them."""
    item = f'<rdf:li xml:lang="x-default">{escape(printable(text))}</rdf:li>'
    return f"<{name}><rdf:Alt>{item}</rdf:Alt></{name}>"
