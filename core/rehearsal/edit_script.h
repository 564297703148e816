// edit_script(): the fewest insertions and deletions that make one sequence out of another. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidemill::rehearsal {

enum class Edit : std::uint8_t { keep, remove, insert };

/// Beyond so many pairs of elements the middle is replaced as a whole.
inline constexpr std::size_t pairs_max = 16'000'000;

/// One step for every element, in order; where something is replaced, removals come first.
template <class T>
std::vector<Edit> edit_script(const std::vector<T>& from, const std::vector<T>& to) {
  const std::size_t shorter = std::min(from.size(), to.size());
  std::size_t head = 0, tail = 0;
  while (head < shorter && from[head] == to[head]) ++head;
  while (tail < shorter - head && from[from.size() - 1 - tail] == to[to.size() - 1 - tail]) ++tail;
  const std::size_t rows = from.size() - head - tail;
  const std::size_t columns = to.size() - head - tail;

  // common[i][j]: elements that from[i..] and to[j..] of the middle have in common at most.
  const bool few = rows == 0 || columns <= pairs_max / rows;
  std::vector<std::uint32_t> common(few ? (rows + 1) * (columns + 1) : 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (columns + 1) + j];
  };
  if (few)
    for (std::size_t i = rows; i-- > 0;)
      for (std::size_t j = columns; j-- > 0;)
        at(i, j) = from[head + i] == to[head + j] ? at(i + 1, j + 1) + 1
                                                  : std::max(at(i + 1, j), at(i, j + 1));

  std::vector<Edit> script(head, Edit::keep);
  std::size_t i = 0, j = 0;
  while (few && i < rows && j < columns) {
    if (from[head + i] == to[head + j]) {
      script.push_back(Edit::keep);
      ++i;
      ++j;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      script.push_back(Edit::remove);
      ++i;
    } else {
      script.push_back(Edit::insert);
      ++j;
    }
  }
  script.insert(script.end(), rows - i, Edit::remove);
  script.insert(script.end(), columns - j, Edit::insert);
  script.insert(script.end(), tail, Edit::keep);
  return script;
}

}  // namespace tidemill::rehearsal
