import { finish, send } from "./api.js";
import { ask, byId, fillList } from "./dom.js";

/** @import { Drawing } from "./drawing.js" */

/**
 * Save a drawing and show what was written, asking before files are replaced.
 *
 * @param {number} photo
 * @param {Drawing} drawing
 * @param {(stage: "waiting" | "saving") => void} report
 * @returns {Promise<string[] | null>} the files, null if the user thought better of it
 */
export async function save(photo, drawing, report) {
  const key = drawing.key();
  let existing = "ask";
  for (;;) {
    /** @type {any} */
    let last = null;
    report("waiting");
    const drawn = { strokes: drawing.active, variant: drawing.variant, existing };
    await send(`/api/photos/${photo}/save`, drawn, (event) => {
      last = event;
      if (event.event === "saving") report("saving");
    });
    if (last?.event !== "exists") {
      drawing.saved = key;
      fillList(byId("saved-files", HTMLUListElement), last.files);
      byId("command", HTMLTextAreaElement).value = last.command;
      return last.files;
    }
    fillList(byId("exists-files", HTMLUListElement), last.files);
    existing = await ask(byId("exists", HTMLDialogElement));
    if (!existing) return null;
  }
}

/** Show what was saved last, and the command. */
export function showSaved() {
  return ask(byId("saved", HTMLDialogElement));
}

/**
 * End the program, after a question if something is not saved.
 *
 * @param {string[]} unsaved names of photos
 * @returns {Promise<boolean>} whether it has ended
 */
export async function finishAll(unsaved) {
  if (unsaved.length) {
    byId("unsaved-photos", HTMLSpanElement).textContent = unsaved.join(", ");
    if ((await ask(byId("unsaved", HTMLDialogElement))) !== "finish") return false;
  }
  await finish();
  return true;
}

byId("copy", HTMLButtonElement).addEventListener("click", async (event) => {
  const command = byId("command", HTMLTextAreaElement);
  command.select();
  await navigator.clipboard.writeText(command.value);
  if (event.target instanceof HTMLButtonElement) event.target.textContent = "Copied";
});
