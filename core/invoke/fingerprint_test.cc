#include "core/invoke/fingerprint.h"

#include <gtest/gtest.h>

#include "core/invoke/testing/test_plugins.h"

namespace tidemill {
namespace {

TEST(Fingerprint, ChangesWithTheBinaryAndWithTheConfiguration) {
  const auto good = *fingerprint_of_file(test_plugins() + "/good.so");
  const auto plain = *fingerprint_of_file(test_plugins() + "/plain.so");
  EXPECT_EQ(good.size(), 32u);
  EXPECT_NE(good, plain);
  EXPECT_NE(fingerprint_of(good, {{"a", "1"}}), fingerprint_of(good, {{"a", "2"}}));
  EXPECT_NE(fingerprint_of(good, {{"a", "1"}, {"b", ""}}), fingerprint_of(good, {{"a", "1b"}}));
  EXPECT_FALSE(fingerprint_of_file("/nowhere"));
}

TEST(Fingerprint, IsFrozen) {
  EXPECT_EQ(fingerprint_of("", {}), "99aa06d3014798d86001c324468d497f");
}

TEST(Fingerprint, DoesNotDependOnTheOrderOfOptionsButOnThatOfAList) {
  EXPECT_EQ(fingerprint_of("x", {{"b", "2"}, {"a", "1"}}),
            fingerprint_of("x", {{"a", "1"}, {"b", "2"}}));
  EXPECT_NE(fingerprint_of("x", {{"a", "2"}, {"a", "1"}}),
            fingerprint_of("x", {{"a", "1"}, {"a", "2"}}));
}

}  // namespace
}  // namespace tidemill
