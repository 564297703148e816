#include "core/pattern/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tidemill::pattern {
namespace {

constexpr std::int64_t two_to_53 = std::int64_t{1} << 53;

bool same(std::string_view a, std::string_view b) {
  const Number x = parse_number(a).value();
  const Number y = parse_number(b).value();
  return x.exact && y.exact && x.value == y.value;
}

TEST(PatternNumber, OneNumberWrittenInManyWaysIsOneNumber) {
  EXPECT_TRUE(same("300", "3.0e2"));
  EXPECT_TRUE(same("300", "300.00"));
  EXPECT_TRUE(same("0.5", "5E-1"));
  EXPECT_TRUE(same("-0", "0.0e7"));
  EXPECT_TRUE(same("120", "0.00012E+6"));
  EXPECT_FALSE(same("1", "1.0000000000000002"));
}

TEST(PatternNumber, KnowsWhatADoubleHoldsExactly) {
  for (const std::string_view text : {"0", "0.1", "-1.5", "9007199254740992", "1e300", "5e-324",
                                      "287.48116291799363", "123456789012", "1E22"})
    EXPECT_TRUE(parse_number(text)->exact) << text;
  for (const std::string_view text :
       {"9007199254740993", "1152921504606846976", "0.1000000000000000055", "1e400", "-1e400",
        "1e-400", "49658361752382621885697088319781165717078428243510427650",
        "1e99999999999999999999", "1e-99999999999999999999"})
    EXPECT_FALSE(parse_number(text)->exact) << text;
}

TEST(PatternNumber, BeyondADoubleItIsInfiniteOrZero) {
  EXPECT_EQ(parse_number("1e400")->value, std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("-1e400")->value, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_number("1e-400")->value, 0);
  EXPECT_FALSE(std::signbit(parse_number("-0.0")->value));
}

TEST(PatternNumber, ReadsOnlyWhatJsonCallsANumber) {
  for (const std::string_view text : {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "NaN",
                                      "1 ", "Infinity", "--1", "1.e3"})
    EXPECT_FALSE(parse_number(text).has_value()) << text;
}

TEST(PatternNumber, SaysHowFarANumberReaches) {
  EXPECT_EQ(number_length("12,3"), 2U);
  EXPECT_EQ(number_length("-1.5e+3]"), 7U);
  EXPECT_EQ(number_length("012"), 1U);
  EXPECT_EQ(number_length("x"), 0U);
}

TEST(PatternNumber, IntegersAreExactUpToWhereDoublesThinOut) {
  EXPECT_TRUE(to_number(two_to_53).exact);
  EXPECT_FALSE(to_number(two_to_53 + 1).exact);
  EXPECT_TRUE(to_number(-two_to_53).exact);
  EXPECT_FALSE(to_number(-two_to_53 - 1).exact);
  EXPECT_FALSE(to_number(std::numeric_limits<std::int64_t>::min()).exact);
  EXPECT_FALSE(to_number(std::numeric_limits<std::uint64_t>::max()).exact);
  // The shortest decimal of 2^63 as a double.
  EXPECT_TRUE(to_number(std::uint64_t{9223372036854776000U}).exact);
  EXPECT_FALSE(to_number(std::uint64_t{9223372036854775808U}).exact);
  EXPECT_EQ(to_number(std::uint64_t{10}).value, 10);
}

}  // namespace
}  // namespace tidemill::pattern
