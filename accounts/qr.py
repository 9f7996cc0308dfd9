"""A QR code as SVG elements for the page itself: the content policy knows no data: addresses, and nothing is cached."""

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4


def qr_code(text: str) -> SafeString:
    """Always dark on light, also in the dark: scanners need it so."""
    code = qrcode.QRCode(border=QUIET_ZONE, error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="QR code for your authenticator app" '
        'shape-rendering="crispEdges"><path d="M0 0h{0}v{0}H0z" fill="#fff"/><path d="{1}" fill="#000"/></svg>',
        len(rows),
        path,
    )
