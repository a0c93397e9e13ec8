"""Texts that would do something if any page took them for markup, a template, a statement or an address."""

from __future__ import annotations

__all__ = ["PAYLOADS"]

PAYLOADS: tuple[str, ...] = (
    "<script>window.__pwned=1</script>",
    '<img src=x onerror="window.__pwned=1">',
    '"><svg onload=window.__pwned=1>',
    "<iframe src=http://evil.invalid/frame></iframe>",
    "![pixel](http://evil.invalid/pixel.png)",
    "[click me](javascript:window.__pwned=1)",
    "<a href=javascript:window.__pwned=1>link</a>",
    ":red[**bold**] :material/home: $x^2$",
    "`); MATCH (n) DETACH DELETE n; //",
    "{{constructor.constructor('window.__pwned=1')()}}",
    "</textarea></title><b>broken</b>",
    "&lt;b&gt;escaped&lt;/b&gt; &amp; <details open ontoggle=window.__pwned=1>",
    "<style>body{display:none}</style>",
    "*stars* _under_ ~~strike~~ # heading",
    "<svg><animate onbegin=window.__pwned=1 attributeName=x dur=1s>",
    "<math><mtext></mtext><mglyph><svg><mtext><style><a title='</style><img src onerror=window.__pwned=1>'>",
    "<video><source onerror=window.__pwned=1></video>",
    "<body onload=window.__pwned=1>",
    "<object data=javascript:window.__pwned=1></object>",
    "<embed src=http://evil.invalid/embed>",
    "<link rel=stylesheet href=http://evil.invalid/style.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.invalid/'>",
    "<base href=http://evil.invalid/>",
    "<form action=http://evil.invalid/><input type=submit></form>",
    "javascript:window.__pwned=1//",
    "data:text/html,<script>window.__pwned=1</script>",
    "${window.__pwned=1} #{window.__pwned=1} {% raw %}",
    "']]><!--<script>window.__pwned=1</script>-->",
    "<img srcset='http://evil.invalid/a 1x' style=background:url(http://evil.invalid/b)>",
    "\u202egnp.exe\u202c right to left",
    "nul\u2400 zero\u200bwidth\ufeff joiner\u200d",
    '=HYPERLINK("http://evil.invalid","sheet")',
    "http://evil.invalid/autolink www.evil.invalid mail@evil.invalid",
    '<noscript><p title="</noscript><img src=x onerror=window.__pwned=1>">',
)
"""At least thirty. The first fourteen are names in the story that the browser tests share."""
