"""The body of a person that the simulated Procountor takes."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.procountor_shapes import ADDRESS, REQUIRED_TRUTH, ZERO
from tests.simulators.procountor_values import (
    GENDERS,
    PARTNER_PAYMENT_METHODS,
    PERSON_ID_TYPES,
    PERSON_LANGUAGES,
)
from tests.simulators.shape import (
    DAY,
    READ_ONLY,
    Field,
    choice,
    listing,
    number,
    shape,
    text,
    whole,
)

PERSON_ADDRESS: dict[str, Field] = {
    **{name: rule for name, rule in ADDRESS.items() if name != "name"},
    "postOfficeBox": text(80),
}
PERSON = shape(
    {
        "id": READ_ONLY,
        "firstName": text(80),
        "lastName": text(80, required=True, least=1),
        "jobTitle": text(80),
        "deliveryAddress": shape(PERSON_ADDRESS),
        "homeCountryAddress": shape(PERSON_ADDRESS),
        "paymentInfo": shape(
            {
                "paymentMethod": choice(PARTNER_PAYMENT_METHODS, required=True),
                "clearingCode": text(80),
                "accountNumber": text(40),
                "bic": text(40),
                "paymentTermDays": text(3, required=True, least=1),
                "paymentTermPercentage": number(low=ZERO, high=Decimal(100)),
                "penalInterestRate": number(
                    required=True, low=ZERO, high=Decimal(1000)
                ),
                "discountPercentage": number(low=ZERO, high=Decimal(100)),
            },
            required=True,
        ),
        "invoicingInfo": shape(
            {
                "personNumber": text(40),
                "identifier": text(80),
                "identifierType": choice(PERSON_ID_TYPES),
                "dateOfBirth": DAY,
                "language": choice(PERSON_LANGUAGES, required=True),
                "gender": choice(GENDERS, required=True),
                "homeCountryPersonId": text(45),
            },
            required=True,
        ),
        "registryInfo": shape(
            {
                "active": REQUIRED_TRUTH,
                "mobilePhone": text(40),
                "fax": text(40),
                "phone": text(40),
                "email": text(80),
                "contactPerson": text(80),
                "defaultReference": text(40),
                "section": text(80),
                "personGroupsIds": listing(whole()),
                "reportGroupId": whole(nullable=True),
                "homeMunicipality": text(40),
            },
            required=True,
        ),
        "version": Field("moment"),
    }
)
