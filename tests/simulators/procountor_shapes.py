"""The bodies that the simulated Procountor takes: fields, lengths, values, requirements."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.simulators.procountor_values import (
    ATTACHMENT_OWNERS,
    CHANNELS,
    COUNTRIES,
    CURRENCIES,
    DELIVERY_METHODS,
    INVOICE_LEDGERS,
    INVOICE_TYPES,
    LANGUAGES,
    PARTNER_PAYMENT_METHODS,
    PARTNER_TYPES,
    PAYMENT_METHODS,
    PRODUCT_TYPES,
    REFERENCE_KINDS,
    UNITS,
)
from tests.simulators.shape import (
    DAY,
    READ_ONLY,
    TRUTH,
    Field,
    choice,
    listing,
    number,
    shape,
    text,
    whole,
)

ZERO = Decimal(0)
REQUIRED_TRUTH = replace(TRUTH, required=True)
REQUIRED_DAY = replace(DAY, required=True)

ADDRESS: dict[str, Field] = {
    "name": text(80),
    "specifier": text(80),
    "street": text(80),
    "zip": text(20),
    "city": text(40),
    "country": choice(COUNTRIES),
    "subdivision": text(35),
}
BANK_ACCOUNT = shape({"accountNumber": text(), "bic": text()})
CASH_DISCOUNT = shape(
    {
        "optionList": listing(
            shape(
                {
                    "numberOfDays": whole(low=ZERO, high=Decimal(999)),
                    "discountPercentage": number(high=Decimal("99.99")),
                }
            )
        ),
        "cashDiscountsTermType": choice(frozenset({"FROM_INV_DATE"})),
    }
)

ROW = shape(
    {
        "id": READ_ONLY,
        "productId": whole(nullable=True),
        "product": text(required=True, least=1),
        "productCode": text(),
        "quantity": number(required=True),
        "unit": choice(UNITS, required=True),
        "unitPrice": number(required=True),
        "discountPercent": number(required=True, low=ZERO, high=Decimal(100)),
        "vatPercent": number(required=True),
        "vatStatus": whole(),
        "comment": text(512),
        "startDate": DAY,
        "endDate": DAY,
        "headerText": text(512),
        "explanationText": text(512),
    }
)

COUNTER_PARTY = shape(
    {
        "contactPersonName": text(70),
        "identifier": text(),
        "taxCode": text(),
        "customerNumber": text(),
        "email": text(),
        "bccAddresses": listing(text(256), most=4),
        "counterPartyAddress": shape(
            {**ADDRESS, "name": text(80, required=True)}, required=True
        ),
        "bankAccount": BANK_ACCOUNT,
        "einvoiceAddress": shape(
            {"operator": text(), "address": text(), "ediId": text()}
        ),
    },
    required=True,
)

PAYMENT_INFO = shape(
    {
        "paymentMethod": choice(PAYMENT_METHODS, required=True),
        "currency": choice(CURRENCIES, required=True),
        "bankAccount": BANK_ACCOUNT,
        "dueDate": REQUIRED_DAY,
        "newDueDate": READ_ONLY,
        "currencyRate": number(required=True, low=ZERO, high=Decimal(1_000_000)),
        "paymentTermPercentage": number(),
        "cashDiscount": CASH_DISCOUNT,
        "bankReferenceCode": text(),
        "bankReferenceCodeType": choice(REFERENCE_KINDS),
        "clearingCode": text(50),
    },
    required=True,
)

INVOICE = shape(
    {
        "id": READ_ONLY,
        "partnerId": whole(nullable=True),
        "type": choice(INVOICE_TYPES, required=True),
        "status": READ_ONLY,
        "date": REQUIRED_DAY,
        "paymentDate": READ_ONLY,
        "counterParty": COUNTER_PARTY,
        "billingAddress": shape(ADDRESS),
        "deliveryAddress": shape(ADDRESS),
        "paymentInfo": PAYMENT_INFO,
        "deliveryTermsInfo": shape({"name": text(), "municipality": text()}),
        "extraInfo": shape(
            {
                "accountingByRow": REQUIRED_TRUTH,
                "unitPricesIncludeVat": REQUIRED_TRUTH,
            },
            required=True,
        ),
        "discountPercent": number(required=True, low=ZERO, high=Decimal(100), places=4),
        "orderReference": text(70),
        "invoiceRows": listing(ROW, required=True, least=1),
        "invoiceNumber": READ_ONLY,
        "vatStatus": whole(required=True),
        "originalInvoiceNumber": text(40),
        "deliveryStartDate": DAY,
        "deliveryEndDate": DAY,
        "deliveryMethod": choice(DELIVERY_METHODS - {"OTHER"}),
        "deliveryInstructions": text(255),
        "invoiceChannel": choice(
            CHANNELS - {"EDIFACT", "PAPER_INVOICE"}, required=True
        ),
        "invoiceOperatorInfo": READ_ONLY,
        "penaltyPercent": number(places=2),
        "language": choice(LANGUAGES, required=True),
        "invoiceTemplateId": whole(),
        "additionalInformation": text(10_000),
        "vatCountry": choice(COUNTRIES),
        "ledgerReceiptId": READ_ONLY,
        "notes": text(10_000),
        "attachments": READ_ONLY,
        "orderNumber": text(),
        "agreementNumber": text(),
        "accountingCode": text(),
        "deliverySite": text(),
        "tenderReference": text(),
        "buyerReferenceIdentifier": text(70),
        "sellerReferenceIdentifier": text(70),
        "version": Field("moment"),  # no meaning in a POST
        "invoiceSumInfo": READ_ONLY,
        "creatorId": READ_ONLY,
    }
)

TRIP = shape(
    {
        "departure": text(40),
        "arrival": text(40),
        "places": text(255),
        "purpose": text(255),
    }
)
CHECKER = shape({"userId": whole(required=True), "eventPerformed": READ_ONLY})
TRAVEL_INVOICE = shape(
    {
        **INVOICE.inside,
        "vatStatus": whole(),
        "language": choice(LANGUAGES),  # ignored
        "travelInformationItems": listing(TRIP),
        "invoiceApprovalInformation": shape(
            {"acceptors": listing(CHECKER), "verifiers": listing(CHECKER)}
        ),
    }
)

PARTNER = shape(
    {
        "id": READ_ONLY,
        "name": text(80, required=True, least=1),
        "type": choice(PARTNER_TYPES, required=True),
        "address": shape(ADDRESS),
        "billingAddress": shape(ADDRESS),
        "deliveryAddress": shape(ADDRESS),
        "invoicingInfo": shape(
            {
                **{
                    name: text()
                    for name in [
                        "customerNumber",
                        "identifier",
                        "identifierType",
                        "ovt",
                        "contactPerson",
                        "email",
                        "orderReference",
                        "sellerReferenceIdentifier",
                        "buyerReferenceIdentifier",
                        "orderNumber",
                        "agreementNumber",
                        "accountingCode",
                        "deliverySite",
                        "tenderReference",
                        "einvoiceAddress",
                        "einvoiceOperator",
                    ]
                },
                "invoiceChannel": choice(CHANNELS),
                "language": choice(LANGUAGES),
                "bccAddresses": listing(text(256), most=4),
                "denyEinvoiceReminders": TRUTH,
            }
        ),
        "attachments": READ_ONLY,
        "contactPersons": listing(
            shape({"name": text(80), "email": text(80), "phone": text(40)})
        ),
        "additionalInfo": shape(
            {
                "defaultAdditionalInformation": text(500),
                "defaultReference": text(),
                "group": text(80),
                "comments1": text(100),
                "comments2": text(100),
                "webAddress": text(100),
                "invoiceLedger": choice(INVOICE_LEDGERS),
            }
        ),
        "paymentInfo": shape(
            {
                "paymentMethod": choice(PARTNER_PAYMENT_METHODS, required=True),
                "bankAccount": text(),
                "paymentTermDays": text(),
                "paymentTermPercentage": number(),
                "penalInterestRate": number(),
                "discountPercentage": number(),
                "cashDiscount": CASH_DISCOUNT,
                "currency": choice(CURRENCIES),
                "deliveryMethod": text(),
                "clearingCode": text(),
                "bic": text(),
            },
            required=True,
        ),
        "registryInfo": shape(
            {
                "active": TRUTH,
                "phone": text(40),
                "mobilePhone": text(40),
                "fax": text(40),
                "section": text(80),
                "homeMunicipality": text(40),
            }
        ),
        "version": Field("moment"),
    }
)

PRODUCT = shape(
    {
        "id": READ_ONLY,
        "type": choice(PRODUCT_TYPES, required=True),
        "name": text(100, required=True),
        "code": text(40),
        "unit": choice(UNITS),
        "discount": number(required=True, low=ZERO, high=Decimal(100)),
        "price": number(required=True),
        "vat": number(),
        "active": REQUIRED_TRUTH,
        "defaultAccount": text(),
        "vatStatus": whole(),
        "currency": choice(CURRENCIES, required=True),
        "productGroupId": whole(),
        "productLocalizations": listing(
            shape({"language": choice(LANGUAGES), "productName": text(100)})
        ),
        "version": Field("moment"),
    }
)

DIMENSION_ITEM = shape(
    {
        "id": whole(),
        "codeName": text(required=True),
        "status": text(),
        "description": text(),
    }
)
DIMENSION_VALUES = shape(
    {
        "dimensionItemValues": listing(
            shape(
                {
                    "dimensionId": whole(required=True),
                    "itemId": whole(required=True),
                    "value": number(required=True, places=2),
                }
            ),
            required=True,
        )
    }
)
COMMENT = shape({"comment": text(100)})
ATTACHMENT = shape(
    {
        "id": READ_ONLY,
        "name": text(required=True),
        "referenceType": choice(ATTACHMENT_OWNERS, required=True),
        "referenceId": whole(required=True),
        "mimeType": text(),
        "sendWithInvoice": REQUIRED_TRUTH,
    }
)
NOTES = shape({"notes": text(10_000, required=True)})
