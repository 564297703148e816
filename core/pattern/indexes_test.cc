// Each index answers what comparing with every entry would.
#include <gmock/gmock.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/pattern/affix_index.h"
#include "core/pattern/field_trie.h"
#include "core/pattern/interval_index.h"
#include "core/pattern/string_table.h"
#include "core/pattern/text_search.h"
#include "core/pattern/wildcard_index.h"

namespace tidemill::pattern {
namespace {

using ::testing::ElementsAre;
using Found = std::set<std::uint32_t>;

class Words {
 public:
  // Short words over two letters: most of them have to do with each other. Some are long.
  std::string next() {
    const std::size_t length = below(10) == 0 ? 8 + below(20) : below(7);
    std::string word;
    for (std::size_t i = 0; i < length; ++i) word += below(2) == 0 ? 'a' : '\xC3';
    return word;
  }

  std::vector<std::string> distinct(std::size_t count) {
    std::set<std::string> words;
    for (std::size_t tries = 0; words.size() < count && tries < 20 * count; ++tries)
      words.insert(next());
    std::vector<std::string> out(words.begin(), words.end());
    std::ranges::shuffle(out, random_);
    return out;
  }

  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }

 private:
  std::mt19937 random_{7};
};

// The entries for which `is` holds.
template <class T, class Is>
Found those(const std::vector<T>& entries, Is is) {
  Found found;
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    if (is(entries[i])) found.insert(i);
  return found;
}

// Inserts what an index finds, each once.
auto into(Found& found) {
  return [&found](std::uint32_t index) { EXPECT_TRUE(found.insert(index).second) << index; };
}

TEST(StringTable, FindsTheStringsItHoldsAndNoOthers) {
  Words words;
  for (const std::size_t count : {0U, 1U, 2U, 60U}) {
    const auto entries = words.distinct(count);
    const StringTable table(entries);
    for (std::uint32_t i = 0; i < entries.size(); ++i) EXPECT_EQ(table.find(entries[i]), i);
    for (int i = 0; i < 1000; ++i) {
      const std::string value = words.next();
      const auto at = std::ranges::find(entries, value);
      EXPECT_EQ(table.find(value), at == entries.end() ? none : at - entries.begin()) << value;
    }
  }
}

TEST(AffixIndex, FindsEveryBeginningAndEveryEnd) {
  Words words;
  for (int round = 0; round < 40; ++round) {
    const auto entries = words.distinct(words.below(30));
    const AffixIndex begins(AffixIndex::Side::begin, entries);
    const AffixIndex ends(AffixIndex::Side::end, entries);
    for (int i = 0; i < 200; ++i) {
      const std::string value = words.next() + words.next();
      Found found;
      begins.find(value, into(found));
      EXPECT_EQ(found, those(entries, [&](const auto& entry) { return value.starts_with(entry); }));
      found.clear();
      ends.find(value, into(found));
      EXPECT_EQ(found, those(entries, [&](const auto& entry) { return value.ends_with(entry); }));
    }
  }
}

TEST(IntervalIndex, FindsEveryIntervalAroundAPoint) {
  Words random;
  for (int round = 0; round < 40; ++round) {
    std::vector<Interval<double>> entries;
    for (std::uint32_t i = random.below(40); i > 0; --i) {
      const double low = random.below(20);
      const double width = random.below(10);
      const bool open = width > 0 && random.below(2) == 0;
      entries.push_back({low, low + width, open, width > 0 && random.below(2) == 0});
    }
    const IntervalIndex<double> index(entries);
    for (double point = -1; point < 31 && !index.empty(); point += 0.5) {
      Found found;
      index.find(point, into(found));
      EXPECT_EQ(found, those(entries, [&](const Interval<double>& entry) {
                  return (entry.low_open ? point > entry.low : point >= entry.low) &&
                         (entry.high_open ? point < entry.high : point <= entry.high);
                }));
    }
  }
}

TEST(TextSearch, FindsEveryTextThatOccursOnce) {
  Words words;
  SearchMemory memory;
  for (int round = 0; round < 40; ++round) {
    auto entries = words.distinct(words.below(30));
    std::erase(entries, "");
    const TextSearch search(entries);
    for (int i = 0; i < 200 && !search.empty(); ++i) {
      const std::string value = words.next() + words.next() + words.next();
      Found found;
      search.find(value, memory, into(found));
      EXPECT_EQ(found, those(entries, [&](const auto& entry) {
                  return value.find(entry) != std::string::npos;
                }));
    }
  }
}

TEST(WildcardIndex, FindsEveryWildcardThatMatches) {
  Words words;
  SearchMemory memory;
  for (int round = 0; round < 40; ++round) {
    std::set<std::string> texts;
    for (std::uint32_t i = words.below(30); i > 0; --i) {
      std::string text = words.next();
      for (std::uint32_t stars = words.below(4); stars > 0; --stars)
        text += "*" + (stars == 1 ? words.next() : "a" + words.next());
      texts.insert(text);
    }
    const std::vector<std::string> entries(texts.begin(), texts.end());
    const WildcardIndex index(entries);
    for (int i = 0; i < 100; ++i) {
      const std::string value = words.next() + words.next();
      Found found;
      index.find(value, memory, into(found));
      EXPECT_EQ(found,
                those(entries, [&](const auto& entry) { return Wildcard(entry).matches(value); }));
    }
  }
}

TEST(FieldTrie, JoinsNamesWithPoints) {
  FieldTrie trie;
  trie.add("detail.c.count", 0);
  trie.add("detail", 1);
  trie.add("", 2);
  trie.add("a..b", 3);
  trie.build();
  const auto field = [&trie](std::initializer_list<std::string_view> names) {
    std::uint32_t node = FieldTrie::root;
    for (const std::string_view name : names)
      if (node != none) node = trie.find(node, name);
    return node == none ? none : trie.field(node);
  };
  EXPECT_EQ(field({"detail", "c", "count"}), 0U);
  EXPECT_EQ(field({"detail", "c.count"}), 0U);
  EXPECT_EQ(field({"detail.c", "count"}), 0U);
  EXPECT_EQ(field({"detail.c.count"}), 0U);
  EXPECT_EQ(field({"detail"}), 1U);
  EXPECT_EQ(field({"detail", "c"}), none);
  EXPECT_EQ(field({""}), 2U);
  EXPECT_EQ(field({"a", "", "b"}), 3U);
  EXPECT_EQ(field({"a.", "b"}), 3U);
  EXPECT_EQ(field({"a", "b"}), none);
  EXPECT_EQ(field({"detail", "x.count"}), none);
  EXPECT_FALSE(trie.has_fields_below(trie.find(FieldTrie::root, "")));
}

}  // namespace
}  // namespace tidemill::pattern
