{{#leaf.slashSubject}}
-- {{label}} gets in with this certificate and no password, until {{leaf.notAfter}} and after each renewal.
CREATE USER '{{leaf.user}}'@'%' REQUIRE SUBJECT '{{leaf.slashSubject}}';
-- With a password as well, in the place of the line above; a server with validate_password takes nothing else:
-- CREATE USER '{{leaf.user}}'@'%' IDENTIFIED BY 'PASSWORD' REQUIRE SUBJECT '{{leaf.slashSubject}}';
{{/leaf.slashSubject}}
{{^leaf.slashSubject}}
-- The subject of this certificate cannot be written here. X509 takes any certificate of the CA, so that the account needs a password:
-- CREATE USER '{{leaf.user}}'@'%' IDENTIFIED BY 'PASSWORD' REQUIRE X509;
{{/leaf.slashSubject}}
