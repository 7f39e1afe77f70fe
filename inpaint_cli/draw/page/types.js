/**
 * What the modules of the page share.
 *
 * @typedef {"brush" | "lasso" | "box" | "clear" | "pencil" | "rubber"} StrokeTool what draws a stroke, as the server names it
 * @typedef {StrokeTool | "eraser"} Tool what is chosen in the toolbar
 * @typedef {{id: number, tool: StrokeTool, points: number[], width: number, erase: boolean}} Stroke
 *   points: x, y, x, y, … in pixels of the photo
 * @typedef {{seed: number | null, lines: boolean}} Variant seed: null for the command line's
 * @typedef {{name: string, photos: string[], lines: boolean, seed: number}} SessionInfo
 * @typedef {{width: number, height: number, scale: number, masked: boolean, transparent: boolean}} PhotoInfo
 *   scale: pixels of the preview per pixel of the photo
 * @typedef {{points: number[], kept: boolean}} ExpectedLine
 * @typedef {{own: number[][], expected: ExpectedLine[]}} LinesSeen
 * @typedef {[x: number, y: number, width: number, height: number]} Box in pixels of the photo
 * @typedef {{result: number, box: Box, outline: number[][], windows: number, hole: number, lines: string, count: number,
 *   drawn: number, kept: number, painter: string, seconds: number}} Done
 * @typedef {{box: Box, bitmap: ImageBitmap}} Piece part of the photo or of a result, of any resolution
 * @typedef {{done: Done, piece: Piece, seen: LinesSeen | null}} Result
 */
export {};
