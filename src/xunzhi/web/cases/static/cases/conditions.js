// Conditions of forms as the server parses them (xunzhi.standards.expressions): the same tree, the same answers.

export const isEmpty = (value) =>
  value === null || value === undefined || value === "" ||
  (Array.isArray(value) ? value.length === 0 : typeof value === "object" && Object.keys(value).length === 0);

const same = (a, b) => {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  return typeof a === "object" ? JSON.stringify(a) === JSON.stringify(b) : a === b;
};
const ordered = (compare) => (a, b) =>
  typeof a === typeof b && (typeof a === "number" || (typeof a === "string" && a !== "" && b !== "")) && compare(a, b);
const part = (name) => (value) => (value && typeof value === "object" && !Array.isArray(value) ? value[name] ?? null : null);

const operations = {
  not: (a) => a !== true,
  "=": same,
  "!=": (a, b) => !same(a, b),
  "<": ordered((a, b) => a < b),
  "<=": ordered((a, b) => a <= b),
  ">": ordered((a, b) => a > b),
  ">=": ordered((a, b) => a >= b),
  in: (a, ...values) => values.some((value) => same(a, value)),
  has: (a, value) => Array.isArray(a) && a.some((member) => same(member, value)),
  empty: isEmpty,
  count: (a) => (Array.isArray(a) ? a.length : 0),
  total: part("total"),
  band: part("band"),
};

/** The value of a tree over the values of a form. */
export function evaluate(tree, values) {
  if (!Array.isArray(tree)) return tree;
  const [operation, ...parts] = tree;
  if (operation === "field") return values[parts[0]] ?? null;
  if (operation === "and") return parts.every((part) => evaluate(part, values) === true);
  if (operation === "or") return parts.some((part) => evaluate(part, values) === true);
  return operations[operation](...parts.map((part) => evaluate(part, values)));
}

/** Whether a condition holds; none always does. */
export const holds = (tree, values) => evaluate(tree, values) === true;
