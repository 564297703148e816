#include "core/pattern/address.h"

#include <gmock/gmock.h>

namespace tidemill::pattern {
namespace {

using ::testing::HasSubstr;

bool contains(std::string_view block, std::string_view address) {
  const auto parsed = parse_address(address);
  if (!parsed) return false;
  const auto interval = std::get<Interval<Address>>(parse_cidr(block));
  return interval.low <= *parsed && *parsed <= interval.high;
}

std::string problem(std::string_view block) {
  const auto parsed = parse_cidr(block);
  const auto* message = std::get_if<std::string>(&parsed);
  return message != nullptr ? *message : "none";
}

TEST(PatternAddress, ABlockHoldsTheAddressesThatShareItsFirstBits) {
  EXPECT_TRUE(contains("10.0.0.0/24", "10.0.0.255"));
  EXPECT_FALSE(contains("10.0.0.0/24", "10.0.1.0"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.0.0.0"));
  EXPECT_TRUE(contains("192.0.2.5/31", "192.0.2.4"));
  EXPECT_FALSE(contains("192.0.2.5/31", "192.0.2.6"));
  EXPECT_TRUE(contains("2001:db8:1234:1a00::/56", "2001:0db8:1234:1aff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(contains("2001:db8:1234:1a00::/56", "2001:db8:1234:1b00::"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(PatternAddress, AMaskOfZeroHoldsEveryAddress) {
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("::/0", "10.0.0.1"));
  EXPECT_TRUE(contains("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(PatternAddress, OneFamilyIsNotInABlockOfTheOther) {
  EXPECT_FALSE(contains("10.0.0.0/8", "0a00::1"));
  EXPECT_FALSE(contains("::/1", "10.0.0.1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:a00:1"));
}

TEST(PatternAddress, NothingElseIsAnAddress) {
  for (const std::string_view text :
       {"", ".", ":", "10.0.0.256", "10.0.0", "10.0.0.0.1", "10.0.0.", "10..0.1", "a.b.c.d",
        "12:30", "fe80::1%eth0", "::ffff:10.0.0.1", ":::", "10.0.0.-1", "1.2.3.4 ",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999"})
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  EXPECT_EQ(parse_address("010.0.0.1"), parse_address("10.0.0.1"));
}

TEST(PatternAddress, SaysWhatIsWrongWithABlock) {
  EXPECT_THAT(problem("bad-filter"), HasSubstr("one '/'"));
  EXPECT_THAT(problem("10.0.0.0/8/9"), HasSubstr("one '/'"));
  EXPECT_THAT(problem("xxxx:db8::/64"), HasSubstr("'xxxx:db8::' is no IP address"));
  EXPECT_THAT(problem("10.0.0.0/33"), HasSubstr("from 0 to 31"));
  EXPECT_THAT(problem("10.0.0.0/-1"), HasSubstr("not '-1'"));
  EXPECT_THAT(problem("10.0.0.0/"), HasSubstr("not ''"));
  EXPECT_THAT(problem("::1/129"), HasSubstr("from 0 to 127"));
  EXPECT_THAT(problem("10.0.0.1/32"),
              HasSubstr("write the address itself as a string, \"10.0.0.1\""));
  EXPECT_THAT(problem("::1/128"), HasSubstr("\"::1\""));
}

}  // namespace
}  // namespace tidemill::pattern
