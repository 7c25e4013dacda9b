/** How steep the line through points is that fits them best; NaN for less than two places on the x axis. */
export const slope = (points: readonly (readonly [x: number, y: number])[]): number => {
  const mean = (pick: (point: readonly [x: number, y: number]) => number) =>
    points.reduce((total, point) => total + pick(point), 0) / points.length
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)]
  return mean(([px, py]) => (px - x) * (py - y)) / mean(([px]) => (px - x) ** 2)
}
