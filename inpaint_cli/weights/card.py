"""The model card: the Markdown file that the Hugging Face Hub shows of a model, with the header that it reads."""

import json
import re
from collections.abc import Mapping, Sequence

_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


def model_card(
    name: str,
    paragraphs: Sequence[str],
    config: Mapping[str, object],
    *,
    licence: str = "",
    method: str = "edgeconnect",
    usage: str = "inpaint remove photo.jpg --mask mask.png --weights DIR    # this folder, or hf:USER/REPO",
) -> str:
    """Return a model card in Markdown.

    Args:
        name: what the model is called.
        paragraphs: what it is, what it was trained on, how well it does; Markdown. Empty ones are left out.
        config: its configuration, shown as a table.
        licence: an SPDX identifier, any other text, or empty if nothing is known.
        method: the Hub's tag for the method.
        usage: a command that uses the model in the folder DIR.
    """
    header = [*_licence(licence), "library_name: inpaint-cli", "pipeline_tag: image-to-image"]
    header.append(f"tags: [inpainting, {method}]")
    table = ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in config.items())]
    parts = ["\n".join(["---", *header, "---"]), f"# {name}", *paragraphs, "\n".join(table), f"```sh\n{usage}\n```"]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _licence(licence: str) -> list[str]:
    """Return the header's lines on the licence: the Hub knows identifiers in lower case and calls the rest `other`."""
    if not licence:
        return ["license: unknown"]
    if _SPDX.fullmatch(licence):
        return [f"license: {licence.lower()}"]
    return ["license: other", f"license_name: {json.dumps(licence)}"]
