// SPDX-License-Identifier: Apache-2.0
// What each detector finds and what it leaves. Every check has a negative that passes all the others.
#include <gtest/gtest.h>

#include "scan_text.h"

namespace sluice::detect {
namespace {

struct Case {
  std::string name;
  std::string text;
  std::vector<std::string> found;  // as they stand in the text
};

void PrintTo(const Case& tested, std::ostream* out) { *out << tested.text; }

std::string name_of(const testing::TestParamInfo<Case>& tested) { return tested.param.name; }

class PaymentCard : public testing::TestWithParam<Case> {};
TEST_P(PaymentCard, finds) {
  EXPECT_EQ(find_values(set_of("payment_card"), GetParam().text), GetParam().found);
}
INSTANTIATE_TEST_SUITE_P(
    Finds, PaymentCard,
    testing::Values(
        Case{"visa", "card=4111111111111111", {"4111111111111111"}},
        Case{"visa_of_13_digits", "4222222222222", {"4222222222222"}},
        Case{"mastercard_2_series", "2221000000000009,", {"2221000000000009"}},
        Case{"amex", "378282246310005", {"378282246310005"}},
        Case{"diners", "30569309025904", {"30569309025904"}},
        Case{"jcb_of_15_digits", "180000000000002", {"180000000000002"}},
        Case{"maestro_of_12_digits", "x: 501800000009", {"501800000009"}},
        Case{"in_fours_with_spaces", "pay 4111 1111 1111 1111 now", {"4111 1111 1111 1111"}},
        Case{"in_fours_with_hyphens", "4111-1111-1111-1111", {"4111-1111-1111-1111"}},
        Case{"a_row_of_cards",
             "4111 1111 1111 1111 5500 0000 0000 0004 4012 8888 8888 1881",
             {"4111 1111 1111 1111", "5500 0000 0000 0004", "4012 8888 8888 1881"}},
        Case{"a_row_of_numbers_with_a_card_in_it", "4111 1111 1111 1111 2345 6789 0123 4567", {}},
        Case{"amex_groups", "3782 822463 10005", {"3782 822463 10005"}},
        Case{"followed_by_its_code", "4111 1111 1111 1111 123", {"4111 1111 1111 1111"}},
        Case{"three_in_a_row",
             "4012888888881881 4012-8888-8888-1881 4012 8888 8888 1881",
             {"4012888888881881", "4012-8888-8888-1881", "4012 8888 8888 1881"}},
        Case{"after_a_url_escape", "card%3D4111111111111111&x", {"4111111111111111"}},
        Case{"after_an_escaped_space", "card%204111111111111111", {"4111111111111111"}},
        Case{"after_an_escaped_line_break", R"({"a":"card:\n4111111111111111"})", {"4111111111111111"}},
        Case{"spaces_of_a_form", "card_number=4111+1111+1111+1111&x=1", {"4111+1111+1111+1111"}},
        Case{"word_and_hyphen_before", "card-4111111111111111", {"4111111111111111"}},
        Case{"end_of_a_sentence", "It is 4111111111111111.", {"4111111111111111"}},
        Case{"under_any_key", R"({"data":"4111111111111111"})", {"4111111111111111"}}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Leaves, PaymentCard,
    testing::Values(
        Case{"wrong_luhn", "card=4111111111111112", {}}, Case{"no_issuer", "card=1111111111111117", {}},
        Case{"length_of_another_brand", "card=42222222222226", {}},
        Case{"digit_before", "card=94111111111111111", {}}, Case{"digit_after", "card=41111111111111110", {}},
        Case{"letter_before", "x4111111111111111", {}}, Case{"letter_after", "4111111111111111x", {}},
        Case{"underscore_before", "_4111111111111111", {}}, Case{"underscore_after", "4111111111111111_", {}},
        Case{"fraction", "0.4111111111111111", {}}, Case{"integer_part", "4111111111111111.25", {}},
        Case{"last_piece_of_a_uuid", "a0b1-501800000009", {}},
        Case{"first_piece_of_an_id", "4111111111111111-9f3a", {}},
        Case{"two_separators", "4111-1111 1111-1111", {}},
        Case{"double_separator", "4111  1111  1111  1111", {}},
        Case{"groups_no_card_has", "41 11111 1111 11111", {}},
        Case{"row_of_numbers_before", "1234 5678 4111 1111 1111 1111", {}},
        Case{"row_of_numbers_after", "4111 1111 1111 1111 1234 5678 9", {}},
        Case{"twelve_of_sixteen", "5018 0000 0009 1234", {}},
        Case{"trade_item_number", R"({"ean":"4222222222222"})", {}},
        Case{"order_number", R"("order_id": "4111111111111111")", {}},
        Case{"log_sequence", "seq=4111111111111111", {}}, Case{"telephone_number", "+4915128521288", {}},
        Case{"telephone_number_in_a_url", "%2B4915128521288", {}},
        Case{"inside_an_iban", "DE29 4654 1076 2949 2256 21", {}}),
    name_of);

class Email : public testing::TestWithParam<Case> {};
TEST_P(Email, finds) { EXPECT_EQ(find_values(set_of("email"), GetParam().text), GetParam().found); }
INSTANTIATE_TEST_SUITE_P(
    Finds, Email,
    testing::Values(
        Case{"plain", "mail bob@example.com now", {"bob@example.com"}},
        Case{"tagged", "to=Bob.Smith+news@mail.example.co.uk&", {"Bob.Smith+news@mail.example.co.uk"}},
        Case{"url_encoded", "email=bob%2Bx%40example.com&a", {"bob%2Bx%40example.com"}},
        Case{"after_a_url_escape", "%22bob@example.com%22", {"bob@example.com"}},
        Case{"sql_quotes", "('bob@example.com','x')", {"bob@example.com"}},
        Case{"apostrophe", "o'brien@example.com", {"o'brien@example.com"}},
        Case{"bytes_literal", "b'bob@example.com'", {"bob@example.com"}},
        Case{"json_line_break", R"(x\nbob@example.com\n)", {"bob@example.com"}},
        Case{"json_code_point", R"(\u0022bob@example.com)", {"bob@example.com"}},
        Case{"end_of_a_sentence", "Ask bob@example.com.", {"bob@example.com"}},
        Case{"mailto", "mailto:bob@example.com", {"bob@example.com"}},
        Case{"punycode", "a@xn--d1acufc.xn--p1ai", {"a@xn--d1acufc.xn--p1ai"}},
        Case{"after_chinese",
             "\xe8\x81\x94\xe7\xb3\xbb"
             "bob@example.com",
             {"bob@example.com"}},
        Case{"git_as_a_mailbox", "write to git@example.com please", {"git@example.com"}}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Leaves, Email,
    testing::Values(Case{"one_label", "root@localhost", {}}, Case{"no_local_part", "<@example.com", {}},
                    Case{"file_name", "icon@2x.png", {}}, Case{"module_version", "lodash@4.17.21", {}},
                    Case{"local_network", "root@host.local", {}}, Case{"short_top_level", "a@example.c", {}},
                    Case{"top_level_with_digit", "a@example.c0m", {}},
                    Case{"empty_label", "a@example..com", {}},
                    Case{"label_begins_with_hyphen", "a@-example.com", {}},
                    Case{"label_ends_with_hyphen", "a@example-.com", {}},
                    Case{"dot_before_at", "bob.@example.com", {}}, Case{"two_dots", "bob..x@example.com", {}},
                    Case{"local_part_too_long", std::string(65, 'a') + "@example.com", {}},
                    Case{"label_too_long", "a@" + std::string(64, 'b') + ".com", {}},
                    Case{"repository", "git@github.com:org/repo", {}},
                    Case{"url_user", "https://bob@example.com/", {}},
                    Case{"url_password", "https://bob:secret@example.com/", {}}),
    name_of);

class UsSsn : public testing::TestWithParam<Case> {};
TEST_P(UsSsn, finds) { EXPECT_EQ(find_values(set_of("us_ssn"), GetParam().text), GetParam().found); }
INSTANTIATE_TEST_SUITE_P(
    Finds, UsSsn,
    testing::Values(Case{"hyphens", "id 536-22-8726,", {"536-22-8726"}},
                    Case{"spaces", "id 536 22 8726", {"536 22 8726"}},
                    Case{"bare_with_key", R"({"ssn":"536228726"})", {"536228726"}},
                    Case{"bare_with_key_in_camel_case", "userSSN=536228726", {"536228726"}},
                    Case{"bare_in_multipart", "name=\"ssn\"\r\n\r\n536228726\r\n", {"536228726"}},
                    Case{"bare_in_prose", "social  security number 536228726", {"536228726"}},
                    Case{"dots_with_word", "SSN 536.22.8726", {"536.22.8726"}}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Leaves, UsSsn,
    testing::Values(Case{"area_000", "000-22-8726", {}}, Case{"area_666", "666-22-8726", {}},
                    Case{"area_900", "936-22-8726", {}}, Case{"group_00", "536-00-8726", {}},
                    Case{"serial_0000", "536-22-0000", {}}, Case{"advertised", "078-05-1120", {}},
                    Case{"sequence", "123-45-6789", {}}, Case{"repeated", "111-11-1111", {}},
                    Case{"bare_without_word", R"({"id":"536228726"})", {}},
                    Case{"bare_under_the_next_key", R"({"ssn":"x","id":"536228726"})", {}},
                    Case{"bare_too_far", "ssn" + std::string(65, ' ') + "536228726", {}},
                    Case{"word_inside_a_word", "blessing classname 536228726", {}},
                    Case{"two_separators", "536-22 8726", {}}, Case{"dots_without_word", "536.22.8726", {}},
                    Case{"longer_number", "536-22-8726-1", {}}, Case{"part_of_a_number", "1-536-22-8726", {}},
                    Case{"letter_after", "536-22-8726x", {}}, Case{"letter_before", "P536-22-8726", {}},
                    Case{"calling_code", "+536 22 8726", {}}),
    name_of);

class Iban : public testing::TestWithParam<Case> {};
TEST_P(Iban, finds) { EXPECT_EQ(find_values(set_of("iban"), GetParam().text), GetParam().found); }
INSTANTIATE_TEST_SUITE_P(
    Finds, Iban,
    testing::Values(Case{"whole", "to DE89370400440532013000.", {"DE89370400440532013000"}},
                    Case{"in_fours", "DE89 3704 0044 0532 0130 00", {"DE89 3704 0044 0532 0130 00"}},
                    Case{"letters", "GB29NWBK60161331926819", {"GB29NWBK60161331926819"}},
                    Case{"lower_case", "gb29nwbk60161331926819", {"gb29nwbk60161331926819"}},
                    Case{"form", "iban=DE89+3704+0044+0532+0130+00&", {"DE89+3704+0044+0532+0130+00"}},
                    Case{"url_escape", "iban%3DDE89370400440532013000", {"DE89370400440532013000"}},
                    Case{"shortest", "NO9386011117947", {"NO9386011117947"}}),
    name_of);
INSTANTIATE_TEST_SUITE_P(Leaves, Iban,
                         testing::Values(Case{"wrong_check_digits", "DE88370400440532013000", {}},
                                         // Both pass mod 97 and are as long as an IBAN of another country.
                                         Case{"no_such_country", "ZZ25370400440532013000", {}},
                                         Case{"length_of_another_country", "DE58601613319268", {}},
                                         Case{"letter_before", "XDE89370400440532013000", {}},
                                         Case{"digit_after", "DE893704004405320130001", {}},
                                         Case{"mixed_case", "dE89370400440532013000", {}},
                                         Case{"uneven_groups", "DE89 37040 044 0532 0130 00", {}},
                                         Case{"two_separators", "DE89 3704-0044 0532 0130 00", {}}),
                         name_of);

class Phone : public testing::TestWithParam<Case> {};
TEST_P(Phone, finds) { EXPECT_EQ(find_values(set_of("phone"), GetParam().text), GetParam().found); }
INSTANTIATE_TEST_SUITE_P(
    Finds, Phone,
    testing::Values(Case{"e164", "x,+14155550132,y", {"+14155550132"}},
                    Case{"international_groups", "+44 20 7123 4567", {"+44 20 7123 4567"}},
                    Case{"trunk_zero", "+44 (0)20 7123 4567", {"+44 (0)20 7123 4567"}},
                    Case{"url_encoded", "tel=%2B39+312+440+2863&", {"%2B39+312+440+2863"}},
                    Case{"stops_at_its_length", "+1 404 832 6460 2024", {"+1 404 832 6460"}},
                    Case{"north_american", "(415) 555-0132", {"(415) 555-0132"}},
                    Case{"after_another_number", "17 (415) 555-0132", {"(415) 555-0132"}},
                    Case{"north_american_hyphens", "call 1-415-555-0132.", {"1-415-555-0132"}},
                    Case{"extension", "415-555-0132x123", {"415-555-0132"}},
                    Case{"french", "06 12 02 06 91", {"06 12 02 06 91"}},
                    Case{"brazilian", "(11) 91297-0924", {"(11) 91297-0924"}},
                    Case{"national_with_word", "phone: 030 1234567", {"030 1234567"}},
                    Case{"national_with_key", R"("mobilePhone":"13812345678")", {"13812345678"}},
                    Case{"form", "mobile=0412+815+901&x", {"0412+815+901"}}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Leaves, Phone,
    testing::Values(
        Case{"national_without_word", "no 030 1234567", {}}, Case{"bare_digits", "4155550132", {}},
        Case{"no_calling_code", "+2812345678", {}}, Case{"too_short_for_its_country", "+33 1 42 68 53", {}},
        Case{"sum", "a+14155550132", {}}, Case{"base64", "+14155550132abc", {}},
        Case{"area_code_below_200", "(115) 555-0132", {}}, Case{"exchange_below_200", "415-055-0132", {}},
        Case{"part_of_a_number", "12-415-555-0132", {}}, Case{"part_of_a_row", "12 415 555 0132", {}},
        Case{"number_goes_on", "415-555-0132-12", {}},
        Case{"named_otherwise", R"("nhs_number":"316 959 9518")", {}},
        Case{"date_after_word", "called: call 2014-04-12 04:04", {}},
        Case{"day_first_date_after_word", "call 12.04.2014", {}},
        Case{"compact_date_after_word", "call 20140412", {}},
        Case{"seconds_after_word", R"("last_call":1621585484)", {}},
        Case{"address_after_word", "tel 192.168.10.25", {}},
        Case{"version_after_word", "Mobile Safari/604.12.345", {}},
        Case{"iphone", "iPhone OS 13_3 like 536.57.11", {}}, Case{"hotel", "hotel 0301234567", {}},
        Case{"six_digits_after_word", "phone 123456", {}}, Case{"repeated_digit", "phone 0000000000", {}}),
    name_of);

}  // namespace
}  // namespace sluice::detect
