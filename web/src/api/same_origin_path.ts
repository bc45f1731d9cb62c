/** Where to go back to, if it is a page of ours: to browsers `//` and `/\` begin another site's address, and they drop tabs and line ends. */
export const sameOriginPath = (path: string | undefined) => (path !== undefined && /^\/(?![/\\\t\r\n])/.test(path) ? path : "/");
