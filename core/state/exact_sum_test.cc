#include "core/state/exact_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace tidemill::state {
namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double least = std::numeric_limits<double>::denorm_min();

ExactSum of(std::initializer_list<double> numbers) {
  ExactSum sum;
  for (const double number : numbers) sum.add(JsonNumber::of(number));
  return sum;
}

ExactSum of_integers(std::initializer_list<std::int64_t> numbers) {
  ExactSum sum;
  for (const std::int64_t number : numbers) sum.add(JsonNumber::of(number));
  return sum;
}

ExactSum read_again(const ExactSum& sum) {
  std::string bytes;
  sum.append(bytes);
  ByteReader reader(bytes);
  const auto read = ExactSum::read(reader);
  EXPECT_TRUE(read);
  EXPECT_TRUE(reader.rest().empty());
  return read.value_or(ExactSum());
}

TEST(ExactSum, OfNothingIsNought) {
  EXPECT_EQ(ExactSum().shown(), "0");
  EXPECT_EQ(ExactSum().nearest(), 0);
}

TEST(ExactSum, OfIntegersIsOneHoweverLarge) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  constexpr auto min = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(of_integers({1, 2, -4}).shown(), "-1");
  EXPECT_EQ(of_integers({max, max, max}).shown(), "27670116110564327421");
  EXPECT_EQ(of_integers({min, min}).shown(), "-18446744073709551616");
  EXPECT_EQ(of_integers({min, max, 1}).shown(), "0");
}

TEST(ExactSum, RoundsOnceAndNotOnTheWay) {
  EXPECT_EQ(of({1e308, 1, -1e308}).nearest(), 1);
  EXPECT_EQ(of({0.1, 0.2, 0.3, -0.3, -0.2, -0.1}).nearest(), 0);
  EXPECT_EQ(of({0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}).nearest(), 1);
  EXPECT_EQ(of({9007199254740992.0, 1, 1}).nearest(), 9007199254740994.0);
}

TEST(ExactSum, RoundsTiesToTheEvenNeighbour) {
  EXPECT_EQ(of({9007199254740992.0, 1}).nearest(), 9007199254740992.0);
  EXPECT_EQ(of({9007199254740994.0, 1}).nearest(), 9007199254740996.0);
  EXPECT_EQ(of({9007199254740992.0, 1, least}).nearest(), 9007199254740994.0);
  EXPECT_EQ(of({-9007199254740992.0, -1, -least}).nearest(), -9007199254740994.0);
}

TEST(ExactSum, HoldsTheLargestAndTheLeast) {
  EXPECT_EQ(of({largest, largest, -largest}).nearest(), largest);
  EXPECT_EQ(of({largest, largest}).nearest(), largest);
  EXPECT_EQ(of({-largest, -largest}).nearest(), -largest);
  EXPECT_EQ(of({least, least}).nearest(), 2 * least);
  EXPECT_EQ(of({-least}).nearest(), -least);
  EXPECT_EQ(of({largest, least, -largest}).nearest(), least);
}

TEST(ExactSum, OfOneNumberIsThatNumber) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    ASSERT_EQ(of({number}).nearest(), number);
    ASSERT_EQ(read_again(of({number})), of({number}));
  }
}

TEST(ExactSum, DoesNotDependOnOrderOrGrouping) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<JsonNumber> numbers;
    for (int i = 0; i < 50; ++i) {
      const int exponent = static_cast<int>(random() % 200) - 100;
      const auto integer = static_cast<std::int64_t>(random());
      numbers.push_back(random() % 3 == 0
                            ? JsonNumber::of(integer)
                            : JsonNumber::of(std::ldexp(static_cast<double>(integer), exponent)));
    }
    ExactSum one_by_one;
    for (const JsonNumber& number : numbers) one_by_one.add(number);
    std::ranges::shuffle(numbers, random);
    ExactSum in_groups;
    for (auto it = numbers.begin(); it != numbers.end();) {
      ExactSum group;
      for (auto n = 1 + random() % 9; n > 0 && it != numbers.end(); --n) group.add(*it++);
      in_groups.add(read_again(group));
    }
    ASSERT_EQ(in_groups, one_by_one);
    ASSERT_EQ(in_groups.nearest(), one_by_one.nearest());
  }
}

TEST(ExactSum, ThatIsCutShortIsNone) {
  std::string bytes;
  of({1.5, -1e300}).append(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(ExactSum::read(reader)) << size;
  }
}

TEST(ExactSum, OfMoreLimbsThanThereAreIsNone) {
  const std::string bytes = std::string("\x01\x20\x09", 3) + std::string(72, 'x');
  ByteReader reader(bytes);
  EXPECT_FALSE(ExactSum::read(reader));
}

TEST(JsonNumber, ComparesIntegersAndDoublesExactly) {
  const auto wide = JsonNumber::of(std::int64_t{9007199254740993});
  EXPECT_TRUE(less(JsonNumber::of(9007199254740992.0), wide));
  EXPECT_FALSE(less(wide, JsonNumber::of(9007199254740992.0)));
  EXPECT_TRUE(less(JsonNumber::of(std::int64_t{1}), JsonNumber::of(1.0)));
  EXPECT_FALSE(less(JsonNumber::of(1.0), JsonNumber::of(std::int64_t{1})));
  EXPECT_EQ(JsonNumber::of(-0.0), JsonNumber::of(0.0));
}

}  // namespace
}  // namespace tidemill::state
