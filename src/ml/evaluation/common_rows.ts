/** Places of the values that two ascending lists share, in either. */
export function commonRows(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
): { readonly left: Int32Array; readonly right: Int32Array } {
  const most = Math.min(left.length, right.length),
    places = { left: new Int32Array(most), right: new Int32Array(most) };
  let count = 0;
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    if (left[i]! < right[j]!) i++;
    else if (left[i]! > right[j]!) j++;
    else {
      places.left[count] = i++;
      places.right[count++] = j++;
    }
  }
  return { left: places.left.subarray(0, count), right: places.right.subarray(0, count) };
}
