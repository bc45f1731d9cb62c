/** Where to go back to, if it is a page of ours: to browsers `//` and `/\` begin another site's address. */
export const ownPath = (path: string | undefined) => (path !== undefined && /^\/(?![/\\])/.test(path) ? path : "/");
