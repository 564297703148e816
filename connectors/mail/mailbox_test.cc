#include "mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::pair<std::string, std::string>> parsed(std::string_view text) {
  const auto mailboxes = parse_mailboxes(text);
  if (!mailboxes) {
    EXPECT_EQ(mailboxes.error().fault, Fault::bad_event);
    return {{"error", mailboxes.error().message}};
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Mailbox& mailbox : *mailboxes) pairs.emplace_back(mailbox.name, mailbox.address);
  return pairs;
}

TEST(Mailbox, AddressesHaveNamesOrNone) {
  EXPECT_THAT(parsed("ann@example.org"), ElementsAre(std::pair("", "ann@example.org")));
  EXPECT_THAT(
      parsed(" Ann B. <ann@example.org> ,bob+x@mail.example.org"),
      ElementsAre(std::pair("Ann B.", "ann@example.org"), std::pair("", "bob+x@mail.example.org")));
  EXPECT_THAT(parsed(R"("B, \"Ann\" <x>" <ann@example.org>)"),
              ElementsAre(std::pair(R"(B, "Ann" <x>)", "ann@example.org")));
  EXPECT_THAT(parsed(" , "), ElementsAre());
}

TEST(Mailbox, WhatIsNoAddressIsRefused) {
  for (const auto* text : {"null", "ann", "@example.org", "ann@", "ann@.org", "ann@a b", "a b@c.d",
                           "<ann@example.org", "ann@example.org>", "ann@exämple.org", "\"a@b.c"})
    EXPECT_THAT(parsed(text),
                ElementsAre(std::pair("error", "no address of a mail: " + std::string(text))))
        << text;
}

TEST(Mailbox, ALineBreakIsRefusedWhereverItStands) {
  for (const auto* text :
       {"ann@example.org\r\nBcc: eve@example.org", "Ann\n <ann@example.org>", "ann@example.org\n"})
    EXPECT_THAT(parsed(text).at(0).second, HasSubstr("line break"));
  EXPECT_TRUE(has_control("a\rb"));
  EXPECT_TRUE(has_control(std::string_view("a\0b", 3)));
  EXPECT_FALSE(has_control("größe"));
}

TEST(Mailbox, TextThatIsNotPlainIsInEncodedWords) {
  EXPECT_EQ(encoded_text("Order 7"), "Order 7");
  EXPECT_EQ(encoded_text("größe"), "=?UTF-8?B?Z3LDtsOfZQ==?=");
  EXPECT_THAT(encoded_text("=?UTF-8?B?eA==?="), StartsWith("=?UTF-8?B?PT9"));
}

TEST(Mailbox, EncodedWordsAreShortAndCutNoCharacterInTwo) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "x€";
  std::string_view left;
  const std::string encoded = encoded_text(text);
  for (left = encoded; !left.empty();) {
    const std::string_view line = left.substr(0, left.find("\r\n"));
    EXPECT_LE(line.size(), 76);
    EXPECT_THAT(std::string(line), EndsWith("?="));
    left.remove_prefix(std::min(left.size(), line.size() + 2));
  }
  // "x€" has four bytes, so that 45 end inside a character and 44 do not.
  EXPECT_EQ(encoded.find("\r\n"), 12 + 60);
}

TEST(Mailbox, NamesAreQuotedOrEncodedAndListsFolded) {
  EXPECT_EQ(encoded_mailboxes({{"Ann \"B\"", "ann@example.org"}, {"", "bob@example.org"}}),
            "\"Ann \\\"B\\\"\"\r\n <ann@example.org>,\r\n <bob@example.org>");
  EXPECT_EQ(encoded_mailboxes({{"Zoë", "zoe@example.org"}}),
            "=?UTF-8?B?Wm/Dqw==?=\r\n <zoe@example.org>");
}

TEST(Mailbox, NamesOfFilesAreQuotedOrEncoded) {
  EXPECT_EQ(encoded_disposition("a b.csv"), "attachment; filename=\"a b.csv\"");
  EXPECT_EQ(encoded_disposition("ä\".csv"), "attachment; filename*=UTF-8''%C3%A4%22.csv");
}

}  // namespace
}  // namespace tidemill::mail
