"""Adds to the Severa side the settings that checks before a run look at."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.data_procountor import IBAN
from tests.simulators.data_registers import HAVUKKA, guid, named, stamps

if TYPE_CHECKING:
    from tests.simulators.data_registers import Company, Registers

# number, name, active
SALES_ACCOUNTS = (
    ("3000", "Palvelumyynti", True),
    ("3020", "Matkojen veloitus", True),
    ("3999", "Vanha myyntitili", False),
)
VAT_RATES = {"FI": ("25.5", "13.5", "10", "0"), "SE": ("25", "12", "6", "0")}


def add_settings(book: Registers) -> None:
    """Add accounts, the Finnish company's bank account, VAT rates and currencies."""
    data = book.data
    for number, name, active in SALES_ACCOUNTS:
        data.salesaccounts.append(
            {
                "guid": guid("account", number),
                "number": number,
                "name": name,
                "isActive": active,
                "isProductDefault": number == "3000",
                "isWorkTypeDefault": number == "3000",
                "isTravelTypeDefault": number == "3020",
                **stamps(None),
            }
        )
    data.costaccounts.append(
        {
            "guid": guid("account", "7800"),
            "number": "7800",
            "name": "Matkakulut",
            "isActive": True,
            "isTravelTypeDefault": True,
            **stamps(None),
        }
    )
    add_bank_account(book, HAVUKKA, "Malli Pankki", spaced(IBAN))
    for code, name, symbol, rate in (
        ("EUR", "Euro", "€", "1"),
        ("SEK", "Ruotsin kruunu", "kr", "11.25"),
    ):
        data.currencies.append(
            {
                "guid": guid("currency", code),
                "code": code,
                "name": name,
                "symbol": symbol,
                "rate": Decimal(rate),
                "isActive": True,
                "isOrganizationCurrency": code == "EUR",
                **stamps(None),
            }
        )
    add_vat_rates(book, "FI")


def add_bank_account(
    book: Registers, company: Company, bank: str, number: str, form: str = "Iban"
) -> None:
    """Add a bank account of a company."""
    book.data.bankaccounts.append(
        {
            "guid": guid("bankaccount", number),
            "bankName": bank,
            "accountNumber": number,
            "accountNumberFormat": form,
            "bic": None,
            "businessUnit": named("unit", company.name),
            "company": {"guid": company.guid, "name": company.name},
            "isActive": True,
            **stamps(None),
        }
    )


def add_vat_rates(book: Registers, country: str) -> None:
    """Add the VAT rates of a country."""
    for percent in VAT_RATES[country]:
        book.data.vatrates.append(
            {
                "guid": guid("vatrate", country, percent),
                "code": percent.replace(".", ""),
                "countryGuid": guid("country", country),
                "percentage": Decimal(percent),
                "isActive": True,
                "isDefault": percent == VAT_RATES[country][0],
                **stamps(None),
            }
        )


def spaced(iban: str) -> str:
    """Give an IBAN in groups of four, as people type it."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
