"""The cheapest way to pair rows with columns: the Hungarian method, in cubic time."""

from collections.abc import Sequence

Costs = Sequence[Sequence[int]]


def cheapest(costs: Costs) -> list[int]:
    """The column of each row; every row gets one, so there are at least as many columns.

    Of several cheapest pairings the result is always the same one for the same costs.
    """
    rows = len(costs)
    columns = len(costs[0]) if rows else 0
    # Row and column 0 are auxiliary: a row enters there and pushes others along its path.
    of_row, of_column = [0] * (rows + 1), [0] * (columns + 1)
    taken_by = [0] * (columns + 1)
    for row in range(1, rows + 1):
        taken_by[0] = row
        came_from, column = _shortest(costs, taken_by, of_row, of_column)
        while column:
            before = came_from[column]
            taken_by[column] = taken_by[before]
            column = before
    result = [0] * rows
    for column in range(1, columns + 1):
        if taken_by[column]:
            result[taken_by[column] - 1] = column - 1
    return result


def _shortest(
    costs: Costs, taken_by: list[int], of_row: list[int], of_column: list[int]
) -> tuple[list[int], int]:
    """The cheapest chain of exchanges from the entering row to a free column, by where each column
    was reached from, and that column. Moves the potentials.
    """
    columns = len(of_column) - 1
    far = [2 * sum(abs(one) for row in costs for one in row) + 1] * (columns + 1)
    came_from = [0] * (columns + 1)
    done = [False] * (columns + 1)
    column = 0
    while taken_by[column]:
        done[column] = True
        row = taken_by[column]
        step, following = None, 0
        for other in range(1, columns + 1):
            if done[other]:
                continue
            reduced = costs[row - 1][other - 1] - of_row[row] - of_column[other]
            if reduced < far[other]:
                far[other], came_from[other] = reduced, column
            if step is None or far[other] < step:
                step, following = far[other], other
        assert step is not None, "there are as many columns as rows"  # noqa: S101
        for other in range(columns + 1):
            if done[other]:
                of_row[taken_by[other]] += step
                of_column[other] -= step
            else:
                far[other] -= step
        column = following
    return came_from, column
