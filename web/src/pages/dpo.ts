/** Where people write to the data protection officer: as in the text that they agree to (shared/messages/src/consent.rs). */
export const DPO_EMAIL = "dpo@mindigital.gr";
