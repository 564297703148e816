#include "core/pattern/text_search.h"

#include <algorithm>
#include <map>

namespace tidemill::pattern {

TextSearch::TextSearch(std::span<const std::string> texts) {
  if (texts.empty()) return;
  std::vector<std::map<unsigned char, std::uint32_t>> trie(1);
  states_.emplace_back();
  for (std::uint32_t index = 0; index < texts.size(); ++index) {
    std::uint32_t state = 0;
    for (const char c : texts[index]) {
      const auto [known, fresh] = trie[state].try_emplace(static_cast<unsigned char>(c),
                                                          static_cast<std::uint32_t>(trie.size()));
      state = known->second;
      if (!fresh) continue;
      trie.emplace_back();
      states_.emplace_back();
    }
    states_[state].text = index;
  }
  for (std::uint32_t state = 0; state < trie.size(); ++state) {
    states_[state].edges = static_cast<std::uint32_t>(edges_.size());
    for (const auto& [byte, to] : trie[state]) edges_.push_back({byte, to});
  }
  states_.push_back({static_cast<std::uint32_t>(edges_.size()), 0, none, none});
  for (const auto& [byte, to] : trie[0]) root_[byte] = to;
  // Level by level, so that the shorter texts that a state falls back to are finished.
  std::vector<std::uint32_t> level = {0};
  while (!level.empty()) {
    std::vector<std::uint32_t> deeper;
    for (const std::uint32_t from : level) {
      for (const auto& [byte, to] : trie[from]) {
        State& state = states_[to];
        state.fail = from == 0 ? 0 : next(states_[from].fail, byte);
        state.shorter = states_[state.fail].text != none ? state.fail : states_[state.fail].shorter;
        deeper.push_back(to);
      }
    }
    level = std::move(deeper);
  }
}

void TextSearch::begin_search(SearchMemory& memory) const {
  if (memory.seen.size() < states_.size()) memory.seen.resize(states_.size(), memory.search);
  if (++memory.search == 0) {
    std::ranges::fill(memory.seen, 0);
    memory.search = 1;
  }
}

std::uint32_t TextSearch::edge(std::uint32_t state, unsigned char byte) const {
  const auto begin = edges_.begin() + states_[state].edges;
  const auto end = edges_.begin() + states_[state + 1].edges;
  const auto found = std::lower_bound(
      begin, end, byte, [](const Edge& edge, unsigned char wanted) { return edge.byte < wanted; });
  return found != end && found->byte == byte ? found->to : none;
}

}  // namespace tidemill::pattern
